"""Tell the planner which columns of a segment follow from one another.

Run and video imply the project, a cluster implies the run, and the effective action is a question to two columns. Taken
for independent, they make an action of 80,000 segments look like one of 24,000.
"""

from django.db import migrations

MAKE = """
CREATE STATISTICS segment_belongs (dependencies, mcv)
    ON project_id, run_id, cluster_id, action_id, space FROM vocabulary_segment;
CREATE STATISTICS segment_filmed (dependencies) ON project_id, video_id, space FROM vocabulary_segment;
"""
DROP = "DROP STATISTICS segment_belongs; DROP STATISTICS segment_filmed;"


class Migration(migrations.Migration):
    dependencies = [("vocabulary", "0008_how_far_apart")]

    operations = [migrations.RunSQL(MAKE, DROP)]
