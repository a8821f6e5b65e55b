"""Recipes: published studies as settings that run, on their own data or on synthetic faces."""

from faceoff.recipes.recipe import Recipe, read_recipe, recipe_names
from faceoff.recipes.run import run_recipe

__all__ = ["Recipe", "read_recipe", "recipe_names", "run_recipe"]
