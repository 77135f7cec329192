"""What may be searched, as something that proposes candidates."""
