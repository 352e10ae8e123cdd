from django.db import migrations


class Migration(migrations.Migration):
    """Large spaces get an index of their own, when they are large: backend/vocabulary/indexes.py."""

    dependencies = [("vocabulary", "0003_actions")]

    operations = [migrations.RemoveIndex(model_name="segment", name="segment_embedding_hnsw")]
