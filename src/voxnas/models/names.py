"""Names of networks after what they are."""

import hashlib
import json

from voxnas.models.genotype import CellGenotype, Genotype, as_values


def genotype_name(genotype: Genotype) -> str:
    """Readable, and another one for another genotype: `darts-cells-l3-c1-1a2b3c4d`."""
    text = json.dumps(as_values(genotype), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    if isinstance(genotype, CellGenotype):
        return f"darts-cells-l{genotype.layers}-c{genotype.init_channels}-{digest}"
    return f"darts-wavenet-l{len(genotype.layers)}-c{genotype.channels}-{digest}"
