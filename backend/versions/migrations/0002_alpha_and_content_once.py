import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0005_tracker"),
        ("versions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="vocabularyversion",
            name="alpha",
            field=models.FloatField(blank=True, help_text="Krippendorff's, of quality, at that moment.", null=True),
        ),
        migrations.AlterField(
            model_name="vocabularyversion",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT, related_name="versions", to="runs.run"
            ),
        ),
        migrations.AddConstraint(
            model_name="vocabularyversion",
            constraint=models.UniqueConstraint(fields=("project", "digest"), name="version_content_once_in_project"),
        ),
    ]
