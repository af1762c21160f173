"""People's accounts as the organisations around them see them: hats, and switching an account off and on."""
