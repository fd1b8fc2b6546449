"""The methods of a comparison: numbers in, numbers out. Loads numpy and scipy, so it is imported when one is made."""
