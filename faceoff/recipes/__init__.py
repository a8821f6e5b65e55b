"""Recipes: published studies as settings that run, on their own data or on synthetic faces."""
