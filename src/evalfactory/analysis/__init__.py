"""After the run: merging, summary, comparison, gate. Pure: values in, values out."""
