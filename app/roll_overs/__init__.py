"""The end of a school year: classes move up, who has finished leaves, companies are asked whether they offer it again."""
