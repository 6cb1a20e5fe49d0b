"""Who is this patient? Data read from `personas/`, and the machine of the stages of change."""
