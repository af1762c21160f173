"""The shipped list of municipalities and the script that builds it. Sources and limits: `README.md` beside this file."""
