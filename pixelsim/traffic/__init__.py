"""What happens: visits, touchpoints, capture, deduplication, attribution, counting and learning."""
