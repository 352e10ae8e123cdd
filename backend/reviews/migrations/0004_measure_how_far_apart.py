from django.db import migrations

MEASURE = """
    UPDATE vocabulary_segment AS s SET apart = r.apart FROM (
        SELECT segment_id, CASE
            WHEN max(quality) - min(quality) >= 2 OR min(action_id) <> max(action_id) THEN 2
            WHEN max(quality) > min(quality) THEN 1
            ELSE 0 END AS apart
        FROM reviews_review WHERE NOT skipped GROUP BY segment_id) AS r
    WHERE r.segment_id = s.id AND r.apart > 0 AND NOT EXISTS (
        SELECT 1 FROM reviews_adjudication AS a WHERE a.segment_id = s.id AND a.undone_at IS NULL)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0003_queue_indexes'),
        ('vocabulary', '0008_how_far_apart'),
    ]

    operations = [migrations.RunSQL(MEASURE, migrations.RunSQL.noop)]
