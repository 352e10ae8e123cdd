"""Kineme from Python: projects, videos, runs, search and exports of a server, over its documented API.

    from kineme_client import Client

    with Client("https://kineme.example.org", token) as kineme:
        for project in kineme.projects():
            print(project.name, project.n_segments)

Needs httpx and nothing else of Kineme: not the chain, not the web server.
"""

from kineme_client.client import Client
from kineme_client.errors import Interrupted, KinemeError, NotReached, Refused, WrongBytes
from kineme_client.models import Export, Neighbour, Project, Run, Segment, Stage, Version, Video

__all__ = [
    "Client",
    "Export",
    "Interrupted",
    "KinemeError",
    "Neighbour",
    "NotReached",
    "Project",
    "Refused",
    "Run",
    "Segment",
    "Stage",
    "Version",
    "Video",
    "WrongBytes",
]
