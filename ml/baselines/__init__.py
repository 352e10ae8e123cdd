"""What LAPS is compared with (§4.1.2): other ways to cut the same videos, each without labels.

`flow` cuts optical flow magnitude with the detector of §3.1.2, `abd` and `otas` look for change in frame features. All
see the frames that tracking sees, through `signals`, and give intervals in seconds of the video. Where a published
method needs what is not here (a pretrained detector, the number of actions), its module says what stands in.
"""
