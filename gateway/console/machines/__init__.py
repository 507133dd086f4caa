"""Pages of machines, their agents and blueprints."""
