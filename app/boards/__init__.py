"""The class board: where each student stands, and what waits for the teacher."""
