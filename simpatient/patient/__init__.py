"""What does the patient do? Pure: a situation and heard words in, a turn and the next situation out."""
