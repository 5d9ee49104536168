"""Programs that mean harm, are broken, or look ahead: what each attempts, and what stops it if nobody reads its text.

`stopped_by` names the layer that stops a program when the static policy and the restricted namespace are switched off:

interpreter  Python's audit hook           files   Landlock            calls   seccomp
limits       rlimits                       time    the host's deadline process the process dies, the host replaces it
memory       pages that cannot be written  seal    the tamper check    token   an answer must name its request
audit        the look-ahead audit          nothing it has no effect    policy  only the policy stops it, `why` tells why

SCRATCH stands for a folder of the host with a file `secret` in it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hostile:
    """`message` is found in the error that the host sees; `body` is the inside of `factor`."""

    name: str
    attempts: str
    stopped_by: str
    message: str
    body: str
    why: str = ""

    @property
    def source(self) -> str:
        """The whole program."""
        imports, _, rest = self.body.partition("---\n") if "---\n" in self.body else ("", "", self.body)
        indented = "\n".join(f"    {line}" for line in rest.strip("\n").splitlines())
        return f'"""{self.attempts}."""\n{imports}\nPARAMETERS = {{}}\n\n\ndef factor(data, ops, p):\n{indented}\n'


def _case(name: str, attempts: str, stopped_by: str, message: str, body: str, why: str = "") -> Hostile:
    return Hostile(name, attempts, stopped_by, message, body, why)


_LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n---\n"
_CHECK = "\nif result < 0:\n    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\nreturn data.close"

FILES = [
    _case("read_passwd", "reading the password file", "interpreter", "may not open",
          "text = open('/etc/passwd').read()\nreturn data.close * len(text)"),
    _case("read_secret_os", "reading a file below Python's file objects", "interpreter", "may not open",
          "import os\n---\nfd = os.open('SCRATCH/secret', os.O_RDONLY)\nreturn data.close * len(os.read(fd, 99))"),
    _case("read_secret_libc", "reading a file with the C library", "files", "Permission denied",
          _LIBC + "result = libc.open(b'SCRATCH/secret', 0)" + _CHECK),
    _case("read_pathlib", "reading through pathlib", "interpreter", "may not open",
          "from pathlib import Path\n---\nreturn data.close * len(Path('SCRATCH/secret').read_text())"),
    _case("read_numpy", "reading with numpy", "interpreter", "may not open",
          "import numpy as np\n---\nreturn data.close * np.fromfile('/etc/passwd', dtype=np.uint8).size"),
    _case("read_loadtxt", "reading with numpy's text reader", "interpreter", "may not open",
          "import numpy as np\n---\nreturn data.close * np.loadtxt('/etc/hostname', dtype=str).size"),
    _case("read_memmap", "mapping a file with numpy", "interpreter", "may not open",
          "import numpy as np\n---\nreturn data.close * np.memmap('SCRATCH/secret', mode='r').size"),
    _case("read_pandas", "reading with pandas", "interpreter", "may not open",
          "import pandas as pd\n---\nreturn data.close * len(pd.read_csv('/etc/passwd', sep=':'))"),
    _case("read_arrow", "reading with Arrow's own file code", "files", "Permission denied",
          "import pyarrow\n---\nreturn data.close * pyarrow.memory_map('SCRATCH/secret').size()"),
    _case("environment", "reading an API key from the environment", "nothing", "KeyError",
          "import os\n---\nreturn data.close * len(os.environ['OPENAI_API_KEY'])",
          "the worker has no environment"),
    _case("environment_proc", "reading the environment it was started with", "interpreter", "may not open",
          "text = open('/proc/self/environ').read()\nreturn data.close * len(text)"),
    _case("environment_proc_libc", "reading it with the C library", "files", "Permission denied",
          _LIBC + "result = libc.open(b'/proc/self/environ', 0)" + _CHECK),
    _case("host_memory", "reading the memory of the host process", "files", "Permission denied",
          _LIBC + "result = libc.open(b'/proc/%d/mem' % os.getppid(), 0)" + _CHECK),
    _case("list_root", "listing a folder", "files", "Permission denied",
          "import os\n---\nreturn data.close * len(os.listdir('/'))"),
    _case("list_scratch", "walking the host's folders", "files", "Permission denied",
          "import os\n---\nreturn data.close * len(list(os.scandir('SCRATCH')))"),
    _case("write_file", "writing a file", "interpreter", "may not open",
          "open('SCRATCH/made', 'w').write('x')\nreturn data.close"),
    _case("write_libc", "writing a file with the C library", "files", "Permission denied",
          _LIBC + "result = libc.open(b'SCRATCH/made', 65, 438)" + _CHECK),
    _case("overwrite_secret", "overwriting a file", "interpreter", "may not open",
          "open('SCRATCH/secret', 'a').write('x')\nreturn data.close"),
    _case("write_frame", "writing a frame to disk", "interpreter", "may not open",
          "data.frame('close').to_csv('SCRATCH/made')\nreturn data.close"),
    _case("write_pickle", "writing a pickle", "interpreter", "may not open",
          "data.frame('close').to_pickle('SCRATCH/made')\nreturn data.close"),
    _case("write_array", "saving an array", "interpreter", "may not open",
          "import numpy as np\n---\nnp.save('SCRATCH/made.npy', data.close)\nreturn data.close"),
    _case("delete", "deleting a file", "interpreter", "may not open",
          "import os\n---\nos.remove('SCRATCH/secret')\nreturn data.close"),
    _case("delete_libc", "deleting a file with the C library", "files", "Permission denied",
          _LIBC + "result = libc.unlink(b'SCRATCH/secret')" + _CHECK),
    _case("delete_tree", "deleting a folder", "interpreter", "may not use `shutil.rmtree`",
          "import shutil\n---\nshutil.rmtree('SCRATCH')\nreturn data.close"),
    _case("rename", "renaming a file", "interpreter", "may not open",
          "import os\n---\nos.rename('SCRATCH/secret', 'SCRATCH/made')\nreturn data.close"),
    _case("rename_libc", "renaming a file with the C library", "files", "",
          _LIBC + "result = libc.rename(b'SCRATCH/secret', b'SCRATCH/made')" + _CHECK),
    _case("make_folder", "making a folder", "interpreter", "may not open",
          "import os\n---\nos.mkdir('SCRATCH/made')\nreturn data.close"),
    _case("make_fifo", "making a named pipe", "calls", "Operation not permitted",
          "import os\n---\nos.mkfifo('SCRATCH/made')\nreturn data.close"),
    _case("link", "linking a file to another place", "interpreter", "may not open",
          "import os\n---\nos.symlink('/etc/passwd', 'SCRATCH/made')\nreturn data.close"),
    _case("permissions_libc", "changing permissions with the C library", "calls", "Operation not permitted",
          _LIBC + "result = libc.chmod(b'SCRATCH/secret', 511)" + _CHECK),
    _case("truncate", "emptying a file", "interpreter", "may not open",
          "import os\n---\nos.truncate('SCRATCH/secret', 0)\nreturn data.close"),
    _case("anonymous_file", "making a file in memory, to execute it", "calls", "Operation not permitted",
          "import os\n---\nos.memfd_create('x')\nreturn data.close"),
    _case("shared_memory", "making shared memory that outlives it", "files", "",
          "from multiprocessing import shared_memory\n---\nshared_memory.SharedMemory('made', create=True, size=8)\n"
          "return data.close"),
    _case("system_v_memory", "making System V shared memory", "calls", "Operation not permitted",
          _LIBC + "result = libc.shmget(0, 4096, 950)" + _CHECK),
]  # fmt: skip

NETWORK = [
    _case("connect", "connecting to the network", "interpreter", "may not use `socket.",
          "import socket\n---\nsocket.create_connection(('127.0.0.1', 9))\nreturn data.close"),
    _case("socket_libc", "opening a socket with the C library", "calls", "Operation not permitted",
          _LIBC + "result = libc.socket(2, 1, 0)" + _CHECK),
    _case("download", "downloading", "interpreter", "may not use `urllib.",
          "import urllib.request\n---\nurllib.request.urlopen('http://127.0.0.1:9/')\nreturn data.close"),
    _case("listen", "listening on a port", "interpreter", "may not use `socket.",
          "import socket\n---\nsocket.create_server(('', 0))\nreturn data.close"),
    _case("local_socket", "talking to a local service", "calls", "Operation not permitted",
          _LIBC + "result = libc.socket(1, 1, 0)" + _CHECK),
]  # fmt: skip

PROCESSES = [
    _case("run", "running a command", "interpreter", "may not use `subprocess.Popen`",
          "import subprocess\n---\nsubprocess.run(['touch', 'SCRATCH/made'])\nreturn data.close"),
    _case("system", "running a shell", "interpreter", "may not use `os.system`",
          "import os\n---\nos.system('touch SCRATCH/made')\nreturn data.close"),
    _case("system_libc", "running a shell with the C library", "calls", "command did not run",
          _LIBC + "status = libc.system(b'touch SCRATCH/made')\nif status != 0:\n"
          "    raise OSError('command did not run')\nreturn data.close"),
    _case("fork", "forking", "interpreter", "may not use `os.fork`",
          "import os\n---\nwhile True:\n    os.fork()"),
    _case("fork_libc", "a fork bomb with the C library", "calls", "Operation not permitted",
          _LIBC + "result = libc.fork()" + _CHECK),
    _case("execute", "becoming another program", "interpreter", "may not use `os.exec`",
          "import os\n---\nos.execv('/bin/sh', ['sh', '-c', 'touch SCRATCH/made'])"),
    _case("execute_libc", "becoming another program with the C library", "calls", "Operation not permitted",
          _LIBC + "result = libc.execl(b'/bin/true', b'true', None)" + _CHECK),
    _case("spawn", "spawning", "interpreter", "may not use `os.posix_spawn`",
          "import os\n---\nos.posix_spawn('/bin/true', ['true'], {})\nreturn data.close"),
    _case("multiprocessing", "starting a Python process", "interpreter", "may not use `os.fork`",
          "import multiprocessing\n---\nprocess = multiprocessing.get_context('fork').Process(target=print)\n"
          "process.start()\nreturn data.close"),
    _case("thread", "leaving a thread behind", "calls", "can't start new thread",
          "import threading, time\n---\nthreading.Thread(target=time.sleep, args=(99,)).start()\nreturn data.close"),
    _case("kill_host", "killing the host", "interpreter", "may not use `os.kill`",
          "import os\n---\nos.kill(os.getppid(), 9)\nreturn data.close"),
    _case("kill_host_libc", "killing the host with the C library", "calls", "Operation not permitted",
          _LIBC + "result = libc.kill(os.getppid(), 9)" + _CHECK),
    _case("trace_host", "debugging the host", "calls", "Operation not permitted",
          _LIBC + "result = libc.ptrace(16, os.getppid(), 0, 0)" + _CHECK),
    _case("outlive", "outliving the host", "calls", "Operation not permitted",
          _LIBC + "result = libc.prctl(1, 0, 0, 0, 0)" + _CHECK),
    _case("raise_limits", "lifting its own memory limit", "calls", "",
          "import resource\n---\nresource.setrlimit(resource.RLIMIT_AS, (2**60, 2**60))\nreturn data.close"),
    _case("leave_sandbox", "leaving for a namespace of its own", "calls", "Operation not permitted",
          _LIBC + "result = libc.unshare(0x10000000)" + _CHECK),
]  # fmt: skip

RESOURCES = [
    _case("allocate", "allocating 50 GB", "limits", "memory",
          "import numpy as np\n---\nreturn data.close + np.ones((50, 2**27)).sum()"),
    _case("allocate_slowly", "growing until memory is gone", "limits", "memory",
          "import numpy as np\n---\nkept = []\nwhile True:\n    kept.append(np.ones(2**22))"),
    _case("allocate_shared", "mapping 50 GB that no data limit counts", "limits", "memory",
          "import mmap\n---\nmmap.mmap(-1, 50 * 2**30)\nreturn data.close"),
    _case("endless_loop", "looping for ever", "time", "longer than", "while True:\n    pass"),
    _case("endless_kernel", "looping for ever in compiled code", "time", "longer than",
          "import numba\n\n\n@numba.njit\ndef spin():\n    n = 0\n    while n >= 0:\n        n = (n + 1) % 7\n"
          "    return n\n---\nreturn data.close * spin()"),
    _case("sleep", "sleeping", "time", "longer than", "import time\n---\ntime.sleep(1e6)\nreturn data.close"),
    _case("catch_all", "refusing to be interrupted", "time", "longer than",
          "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"),
    _case("block_signals", "blocking every signal", "time", "longer than",
          "import signal\n---\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\nwhile True:\n    pass"),
    _case("large_number", "computing a number without end", "time", "longer than",
          "return data.close * (7 ** 10 ** 9 % 2)"),
    _case("recursion", "recursing without end", "nothing", "RecursionError",
          "def again(n):\n    return again(n + 1)\n---\nreturn data.close * again(0)",
          "Python's own limit raises"),
    _case("deep_recursion", "recursing through the C stack", "process", "ended its worker process",
          "import sys\n\n\nclass Deep:\n    def __repr__(self):\n        return repr([self])\n---\n"
          "sys.setrecursionlimit(10**9)\nreturn data.close * len(repr(Deep()))"),
    _case("print", "printing without end", "time", "longer than", "while True:\n    print('x' * 10**6)"),
    _case("exhaust_files", "opening files until none is left", "limits", "Too many open files",
          "import os\n---\nfor _ in range(10**5):\n    os.dup(2)\nreturn data.close"),
    _case("exit", "ending the process quietly", "process", "ended its worker process",
          "import os\n---\nos._exit(0)"),
    _case("exit_politely", "leaving as a script does", "nothing", "SystemExit",
          "import sys\n---\nsys.exit(0)", "leaving is an error of the program"),
    _case("interrupt", "pretending that the user pressed Ctrl-C", "process", "ended its worker process",
          "raise KeyboardInterrupt"),
    _case("segfault_kernel", "writing outside an array in compiled code", "process", "ended its worker process",
          "import numba\nimport numpy as np\n\n\n@numba.njit(boundscheck=False)\ndef stray(x, n):\n"
          "    for i in range(n):\n        x[i * 4096] = 1.0\n---\nstray(np.zeros(4), 10**9)\nreturn data.close"),
    _case("segfault_null", "reading address 0", "process", "ended its worker process",
          "import ctypes\n---\nctypes.string_at(0)\nreturn data.close"),
    _case("segfault_carray", "making an array of any address", "process", "ended its worker process",
          "import numba\nimport numpy as np\n\n\n@numba.njit\ndef peek(address):\n"
          "    return numba.carray(address, 8)[0]\n---\nimport ctypes\n"
          "pointer = ctypes.cast(64, ctypes.POINTER(ctypes.c_double))\nreturn data.close * pointer[0]"),
    _case("abort", "aborting", "process", "ended its worker process",
          "import ctypes\n---\nctypes.CDLL(None).abort()"),
]  # fmt: skip

FALSIFICATION = [
    _case("patch_numpy", "replacing a function of numpy's, to falsify what comes after", "seal",
          "replaced `numpy.nanmean`",
          "import numpy as np\n---\nnp.nanmean = lambda *_, **__: 9.9\nreturn data.close"),
    _case("patch_scoring", "replacing the scorer", "seal", "replaced `backtest",
          "import backtest.information as information\n---\n"
          "information.daily_information = lambda *_, **__: 9.9\nreturn data.close"),
    _case("patch_evaluator", "replacing the evaluator's answer", "seal", "replaced `engine.evaluator.Evaluator.trial`",
          "import engine.evaluator as evaluator\n---\nevaluator.Evaluator.trial = lambda *_, **__: {'fitness': 9.9}\n"
          "return data.close"),
    _case("patch_operators", "replacing an operator", "seal", "replaced `factors.ops",
          "type(ops).cs_rank = lambda self, x: x * 0\nreturn data.close"),
    _case("patch_builtins", "replacing a builtin", "seal", "replaced `builtins.abs`",
          "import builtins\n---\nbuiltins.abs = lambda x: 9.9\nreturn data.close"),
    _case("patch_answers", "replacing how answers are written", "seal", "ended its worker process",
          "import sys\n---\nsys.modules['__main__']._write = lambda *_: None\nreturn data.close"),
    _case("forge_answer", "writing an answer of its own", "token", "wrote to its pipe",
          "import os\n---\nfor fd in range(3, 20):\n    try:\n        os.write(fd, b'{\"result\": {}}\\n')\n"
          "    except OSError:\n        pass\nreturn data.close"),
    _case("garble_answers", "writing noise between the answers", "token", "wrote to its pipe",
          "import os\n---\nfor fd in range(3, 20):\n    try:\n        os.write(fd, b'noise\\n')\n"
          "    except OSError:\n        pass\nreturn data.close"),
    _case("flood_answers", "answering without end", "token", "",
          "import os\n---\nwhile True:\n    for fd in range(3, 20):\n        try:\n"
          "            os.write(fd, b'x' * 10**6)\n        except OSError:\n            pass"),
    _case("change_panel", "changing prices for everybody", "memory", "read-only",
          "data.close[:] = 1.0\nreturn data.close"),
    _case("unlock_panel", "unlocking the panel", "memory", "WRITEABLE",
          "data.close.flags.writeable = True\ndata.close[:] = 1.0\nreturn data.close"),
    _case("unlock_returns", "unlocking what was computed of the panel", "memory", "ended its worker process",
          "data.returns.flags.writeable = True\ndata.returns[:] = 1.0\nreturn data.close"),
    _case("overwrite_panel", "writing over the panel's memory", "memory", "ended its worker process",
          "import ctypes\n---\nctypes.memset(data.close.ctypes.data, 0, 8)\nreturn data.close"),
    _case("change_result", "changing an operator's result that others share", "memory", "read-only",
          "ops.cs_rank(data.close)[:] = 0.0\nreturn data.close"),
    _case("silence_errors", "making later divisions raise", "nothing", "",
          "import numpy as np\n---\nnp.seterr(all='raise')\nreturn data.close",
          "each run sets its own error state"),
    _case("unlock_result", "unlocking an operator's result that others share", "policy", "",
          "x = ops.cs_rank(data.close)\nx.flags.writeable = True\nx[:] = 0.0\nreturn data.close",
          "the cache lives in the process that runs the program; no text may name `.flags`, `.base` or `.setflags`"),
]  # fmt: skip

ESCAPES = [
    _case("subclasses", "reaching os through the subclasses of object", "interpreter", "may not use `os.system`",
          "for kind in ().__class__.__base__.__subclasses__():\n    if kind.__name__ == '_wrap_close':\n"
          "        kind.__init__.__globals__['system']('touch SCRATCH/made')\nreturn data.close"),
    _case("frames", "reaching the worker's own variables", "interpreter", "may not open",
          "import sys\n---\nouter = sys._getframe()\nwhile 'protections' not in outer.f_locals:\n"
          "    outer = outer.f_back\nouter.f_globals['Path']('SCRATCH/made').write_text('x')\nreturn data.close"),
    _case("evaluate_text", "running text that no policy has read", "interpreter", "may not use `os.system`",
          "exec(\"import os; os.system('touch SCRATCH/made')\")\nreturn data.close"),
    _case("unpickle", "running code while unpickling", "interpreter", "may not use `os.system`",
          "import pickle\n---\npickle.loads(b\"cos\\nsystem\\n(S'touch SCRATCH/made'\\ntR.\")\nreturn data.close"),
    _case("frame_query", "running code in a frame's query", "interpreter", "",
          "import os\n---\nframe = data.frame('close')\nframe.eval('x = @os.system(\"touch SCRATCH/made\")')\n"
          "return data.close"),
    _case("objmode", "leaving compiled code for Python", "interpreter", "",
          "import numba\nimport numpy as np\n\n\n@numba.njit\ndef leak(x):\n    with numba.objmode(n='int64'):\n"
          "        n = len(open('/etc/passwd').read())\n    return n\n---\nreturn data.close * leak(np.zeros(1))"),
    _case("import_relative", "importing the engine's own modules", "nothing", "ImportError",
          "from . import evaluator\n---\nreturn data.close", "a program is no package"),
    _case("getattr_text", "naming an attribute by text", "interpreter", "may not use `os.system`",
          "import numpy as np\n---\nsystem = getattr(getattr(np, '__builtins__')['__import__']('os'), 'sys' + 'tem')\n"
          "system('touch SCRATCH/made')\nreturn data.close"),
]  # fmt: skip

LOOK_AHEAD = [
    _case("roll", "rolling tomorrow into today", "audit", "on 20",
          "import numpy as np\n---\nreturn np.roll(data.close, -1, axis=0)"),
    _case("next_row", "copying the next row", "audit", "on 20",
          "out = data.close.copy()\nout[:-1] = data.close[1:] / data.close[:-1]\nreturn out"),
    _case("peak_mask", "masking all days before the highest price", "audit", "on 20",
          "import numpy as np\n---\npeak = np.argmax(np.nan_to_num(data.close), axis=0)\n"
          "return np.where(np.arange(len(data.close))[:, None] < peak, 1.0, 0.0)"),
    _case("centred", "a centred convolution", "audit", "on 20",
          "import numpy as np\n---\nkernel = np.ones(5) / 5\nfilled = np.nan_to_num(data.close)\n"
          "return np.column_stack([np.convolve(column, kernel, mode='same') for column in filled.T])"),
    _case("sorted_days", "sorting days", "audit", "on 20",
          "import numpy as np\n---\nreturn np.sort(data.close[:], axis=0)"),
    _case("whole_fit", "fitting a line to the whole sample", "audit", "on 20",
          "import numpy as np\n---\nx = np.arange(len(data.close))\nfilled = np.nan_to_num(data.close)\n"
          "lines = [np.polyval(np.polyfit(x, column, 1), x) for column in filled.T]\n"
          "return data.close - np.column_stack(lines)"),
    _case("rank_of_days", "ranking a stock's days", "audit", "on 20",
          "frame = data.frame('close')\nreturn frame.apply(lambda column: column.rank())"),
    _case("last_row", "dividing by the last price", "audit", "on 20", "return data.close / data.close[-1]"),
    _case("whole_mean", "normalising over the whole sample", "audit", "on 20",
          "import numpy as np\n---\nx = data.close[:]\nreturn (x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0)"),
    _case("filled_back", "filling gaps from later days", "audit", "on 20",
          "frame = data.frame('close')\nreturn frame.where(frame > frame.shift(1)).bfill()"),
    _case("interpolated", "interpolating between days", "audit", "on 20",
          "frame = data.frame('close')\nreturn frame.where(frame > frame.shift(1)).interpolate()"),
    _case("low_pass", "a Fourier filter over time", "audit", "on 20",
          "import numpy as np\n---\nwaves = np.fft.rfft(np.nan_to_num(data.close).T)\nwaves[:, 10:] = 0\n"
          "return np.ascontiguousarray(np.fft.irfft(waves, n=len(data.close)).T)"),
    _case("cumulated_backwards", "summing from the end", "audit", "on 20",
          "import numpy as np\n---\nturned = np.nan_to_num(data.returns)[::-1]\n"
          "return np.cumsum(turned, axis=0)[::-1]"),
    _case("length", "knowing how many days will come", "audit", "on 20", "return data.close * len(data.close)"),
    _case("compiled_peek", "reading t + 1 in compiled code", "audit", "on 20",
          "import numba\nimport numpy as np\n\n\n@numba.njit\ndef peek(x):\n    out = np.full(x.shape, np.nan)\n"
          "    for t in range(x.shape[0] - 1):\n        for j in range(x.shape[1]):\n"
          "            out[t, j] = x[t + 1, j] - x[t, j]\n    return out\n---\nreturn peek(data.close)"),
    _case("rare_peek", "looking ahead only before large moves", "audit", "on 20",
          "import numpy as np\n---\nahead = np.full(data.close.shape, 0.0)\nahead[:-1] = data.returns[1:]\n"
          "return np.where(np.abs(ahead) > 0.03, ahead, 0.0) + data.close"),
    _case("hidden_lag", "a negative lag that is computed", "audit", "on 20",
          "lag = len('a') - len('abc')\nreturn data.frame('close').shift(lag)"),
    _case("centred_window", "a rolling window around the day", "audit", "on 20",
          "return data.frame('close').rolling(5, center=True).mean()"),
    _case("month_mean", "the mean of the whole month", "audit", "on 20",
          "frame = data.frame('close')\nmonths = frame.index.year * 12 + frame.index.month\n"
          "return frame.groupby(months).transform('mean')"),
    _case("whole_threshold", "a quantile of the whole sample", "audit", "on 20",
          "import numpy as np\n---\nx = data.returns[:]\nreturn np.where(x > np.nanquantile(x, 0.9), 1.0, data.close)"),
    _case("last_month_first", "a look-ahead of one day in five", "audit", "on 20",
          "import numpy as np\n---\nout = np.array(data.close)\nout[:-1:5] = data.close[1::5][: len(out[:-1:5])]\n"
          "return out"),
]  # fmt: skip

UNSTABLE = [
    _case("random", "guessing", "audit", "differs between two runs",
          "import numpy as np\n---\nreturn np.random.default_rng().normal(size=data.close.shape)"),
    _case("clock", "depending on the time of day", "audit", "differs between two runs",
          "import time\n---\nreturn data.close * (1 + time.time_ns() % 1000)"),
    _case("memory_of_runs", "remembering earlier runs", "audit", "differs between two runs",
          "runs = []\n---\nruns.append(1)\nreturn data.close * len(runs)"),
    _case("column_number", "knowing stocks by their place", "audit", "order of the stocks",
          "import numpy as np\n---\nreturn data.close * 0 + np.arange(data.close.shape[1])"),
    _case("neighbour", "reading the stock in the next column", "audit", "order of the stocks",
          "import numpy as np\n---\nreturn data.close - np.roll(data.close, 1, axis=1)"),
]  # fmt: skip

CORPUS = [
    *FILES, *NETWORK, *PROCESSES, *RESOURCES, *FALSIFICATION, *ESCAPES, *LOOK_AHEAD, *UNSTABLE,
]  # fmt: skip
