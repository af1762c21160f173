"""A class's list as it comes out of a register or a spreadsheet: read, understood, checked cell by cell, loaded."""
