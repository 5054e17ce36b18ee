"""What a notebook shows: charts, tables, sentences and the sections that lay them out."""
