"""Layer-wise relevance propagation through networks of today, in eager TensorFlow."""
