"""`python -m app`."""

from app.cli import app

if __name__ == "__main__":  # processes that a command starts read this file too
    app()
