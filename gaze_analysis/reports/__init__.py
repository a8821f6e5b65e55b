"""Reports and exports of other programs, turned into the recordings that they were made from."""
