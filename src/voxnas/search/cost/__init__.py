"""What candidates cost, known before they are trained: training does not change it."""
