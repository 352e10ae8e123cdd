from launcher.lock import constraints


def test_torch_and_what_it_brings_are_left_out_but_not_its_namesakes() -> None:
    resolved = """\
# by uv
django==5.2.19
nvidia-nccl-cu12==2.27 ; sys_platform == 'linux'
torch==2.13.0
torch-einops-utils==0.2.0
triton==3.6.0 ; sys_platform == 'linux'
cuda-bindings==13.0
tzdata==2026.6 ; sys_platform == 'win32'
"""
    assert constraints(resolved).splitlines() == [
        "django==5.2.19",
        "torch-einops-utils==0.2.0",
        "tzdata==2026.6 ; sys_platform == 'win32'",
    ]
