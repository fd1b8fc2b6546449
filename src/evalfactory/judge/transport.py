"""HTTP: the one place that knows aiohttp, and where its errors become ours."""

from __future__ import annotations

import errno
import io
import os
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from ..errors import InputError, Problem
from ..settings import proxy_for
from .outcomes import Denied, Fault, Reply, Throttled

BODY_LIMIT = 8 * 1024 * 1024  # bytes of an answer; a judge's is a few thousand
_CONNECT_S = 30.0
_LARGE = 2**20  # aiohttp wants what is larger as a stream
_EMPTY: Mapping[str, str] = MappingProxyType({})


class Address(NamedTuple):
    """Where requests go, made once: parsing a URL and looking for a proxy cost more than sending."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    proxy: URL | None
    proxy_headers: Mapping[str, str]


def address(method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str] = _EMPTY) -> Address:
    """The address with the environment's proxy for it. Raises `InputError` for what cannot be one."""
    try:
        target = URL(url).update_query(query)
    except ValueError as error:
        raise InputError(f"{url} is no address: {error}") from None
    for name, value in headers.items():
        if any(ord(letter) < 32 for letter in name + value):
            raise InputError("a header cannot be sent", (Problem("holds a line break or another control", field=name),))
    proxy = proxy_for(str(target))
    if proxy is None:
        return Address(method, target, CIMultiDict(headers), None, {})
    through = URL(proxy if "://" in proxy else f"http://{proxy}")
    login = _login(through)
    if target.scheme == "https":  # the proxy hears the login when the tunnel is opened, the endpoint never does
        return Address(method, target, CIMultiDict(headers), through.with_user(None), login)
    return Address(method, target, CIMultiDict({**headers, **login}), through.with_user(None), {})


def _login(proxy: URL) -> dict[str, str]:
    user = proxy.user
    return {"Proxy-Authorization": aiohttp.encode_basic_auth(user, proxy.password or "")} if user else {}


class Transport:
    """Sends requests over one session with as many connections as are needed; share one in a process."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._trust: ssl.SSLContext | None = None

    async def send(
        self, to: Address, body: bytes | None, patience: aiohttp.ClientTimeout, params: Mapping[str, str] | None = None
    ) -> Reply | Fault | Denied | Throttled:
        """The answer, whatever its status; a fault when none came; a denial when it was too large to read."""
        session = self._session or self._open()
        data = io.BytesIO(body) if body is not None and len(body) > _LARGE else body
        try:
            async with session.request(
                to.method, to.url, data=data, headers=to.headers, params=params, timeout=patience,
                proxy=to.proxy, proxy_headers=to.proxy_headers or None, allow_redirects=False, ssl=self._trusting(to),
            ) as response:  # fmt: skip
                content = await _read(response)
                if content is None:
                    return Denied("bad_json", f"the answer is larger than {BODY_LIMIT // 2**20} MB")
                return Reply(response.status, response.headers, content)
        except aiohttp.ConnectionTimeoutError:
            return Fault("network", f"no connection within {patience.sock_connect:g} s")
        except TimeoutError:
            return Fault("timeout", f"no answer within {patience.total:g} s")
        except aiohttp.ClientConnectorCertificateError as error:
            return Fault("network", f"its certificate is not trusted ({error.certificate_error}); see SSL_CERT_FILE")
        except (aiohttp.ClientError, OSError) as error:
            return _broken(error)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, limit_per_host=0, ttl_dns_cache=60, keepalive_timeout=15.0)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), skip_auto_headers=("Content-Type",)
        )
        return self._session

    def _trusting(self, to: Address) -> ssl.SSLContext | bool:
        """A context of our own: aiohttp's is made when it is imported, which may be before SSL_CERT_FILE is known."""
        if to.url.scheme != "https" and (to.proxy is None or to.proxy.scheme != "https"):
            return True
        self._trust = self._trust or ssl.create_default_context()
        return self._trust


def timeout_of(total_s: float) -> aiohttp.ClientTimeout:
    """A deadline for one request, connecting included."""
    return aiohttp.ClientTimeout(total=total_s, sock_connect=min(total_s, _CONNECT_S))


def _broken(error: aiohttp.ClientError | OSError) -> Fault | Throttled:
    """What a connection that failed means. Too many open files is our lack, and calls for fewer requests at once."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return Throttled(f"{error.strerror} in this process: raise `ulimit -n`, or lower max_in_flight")
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError):
        number = error.os_error.errno or 0
        reason = os.strerror(number) if number > 0 else error.os_error.strerror
        return Fault("network", f"cannot connect to {error.host}:{error.port}: {reason}")
    return Fault("network", f"{type(error).__name__}: {error}")


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """The body, or None (and a closed connection) when it is larger than the limit."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > BODY_LIMIT:
            response.close()
            return None
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
