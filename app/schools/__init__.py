"""Schools, their sites and classes, and the ministry's open files they are loaded from."""
