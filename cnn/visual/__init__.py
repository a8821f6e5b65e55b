"""Pictures of what a network learnt: filters, feature maps, galleries of its answers."""
