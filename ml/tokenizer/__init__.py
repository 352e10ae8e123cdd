"""The motion tokenizer M_θ (§3.1): velocities of a window in, one code per step out."""
