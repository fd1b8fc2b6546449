"""One report record, told to a terminal, to GitHub, to a CI server and to a program. Pure: text comes back."""
