"""What people read of the quality: flags, pages with figures, the reporting checklist."""
