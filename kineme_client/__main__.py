import sys

from kineme_client.cli import main

sys.exit(main())
