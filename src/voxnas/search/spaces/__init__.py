"""Search spaces, each an object that proposes candidates."""
