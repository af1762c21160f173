"""The red button: a student or a family says that something is wrong, and somebody always has to answer."""
