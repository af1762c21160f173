"""Co-design kits: what a school and a company have made together, told so that others can do it again."""
