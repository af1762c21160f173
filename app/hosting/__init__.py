"""One internship or visit at several small firms: who takes part, and in which order students go round."""
