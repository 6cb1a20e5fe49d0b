"""How well was it done? A transcript in, a grade out; never an engine. Formative: nobody passes or fails here."""
