"""A run has a threshold for each view; what it had until now was one for all its videos."""

from django.db import migrations, models


def wrap(apps, schema_editor):
    Run = apps.get_model("runs", "Run")
    for run in Run.objects.exclude(calibration=None).iterator():
        one = dict(run.calibration)
        one["label_threshold"] = one.pop("otsu_threshold", None)
        run.calibrations = [{"view": "", "n_videos": run.videos.count(), **one}]
        run.save(update_fields=["calibrations"])


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="calibrations",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="For each view: its name, n_videos, and its ml.artefacts.Calibration.",
            ),
        ),
        migrations.RunPython(wrap, migrations.RunPython.noop),
        migrations.RemoveField(model_name="run", name="calibration"),
    ]
