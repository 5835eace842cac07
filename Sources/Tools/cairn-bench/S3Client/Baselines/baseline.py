"""What Cairn's S3 client is compared with: pycurl, obstore and boto3, each as lean as it can be used from Python.

One run is one client doing one kind of work; it checks every result and prints one line of JSON. The clock and the processor time
leave out the start of Python and the opening of connections: each connection has done a request before. Credentials are those of
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

Objects have the same names and bytes whichever client wrote them, so `get` reads what a `put` with the same count and size left.
With --file, a file goes up and comes down in parts, on 8 connections. A store `dav` (nginx) has no buckets and no multipart uploads:
each part is an object.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import re
import resource
import sys
import tempfile
import threading
import time
from urllib.parse import quote, urlsplit

MEBIBYTE = 1 << 20


class Failure(Exception):
    """A result that is not what it should be."""


def body(index, size):
    return (b"%015d " % index * (size // 16 + 1))[:size]


def key(index):
    return "small/%06d" % index


def expect(condition, what):
    if not condition:
        raise Failure(what)


class Part:
    """A part of the file: its number from 1, its place, and the object and range that hold it."""

    def __init__(self, number, options):
        self.number = number
        self.start = (number - 1) * options.part_size
        self.end = min(self.start + options.part_size, options.size)
        self.size = self.end - self.start
        self.is_object = options.store == "dav"
        self.key = "large/part-%05d" % number if self.is_object else "large/file"

    def write(self, file, data):
        expect(len(data) == self.size, "part %d has %d bytes" % (self.number, len(data)))
        written = 0
        while written < self.size:
            written += os.pwrite(file, memoryview(data)[written:], self.start + written)


def parts(options):
    return [Part(number + 1, options) for number in range(-(-options.size // options.part_size))]


# pycurl: libcurl's multi interface, signatures made by hand, payload unsigned.


class Signer:
    """Signature version 4 for requests to one host. What does not change within a second is made once."""

    def __init__(self, options):
        self.host = urlsplit(options.endpoint).netloc
        self.access, self.secret, self.region = options.access_key, options.secret_key, options.region
        self.second = None

    def _turn(self, second):
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
        scope = "%s/%s/s3/aws4_request" % (stamp[:8], self.region)
        signing = ("AWS4" + self.secret).encode()
        for text in scope.split("/"):
            signing = hmac.digest(signing, text.encode(), "sha256")
        names = "host;x-amz-content-sha256;x-amz-date"
        self.second, self.signing = second, signing
        self.tail = "\nhost:%s\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:%s\n\n%s\nUNSIGNED-PAYLOAD" % (
            self.host, stamp, names)
        self.head = "AWS4-HMAC-SHA256\n%s\n%s\n" % (stamp, scope)
        self.authorization = "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=" % (
            self.access, scope, names)
        self.fixed = ["x-amz-date: " + stamp, "x-amz-content-sha256: UNSIGNED-PAYLOAD", "Expect:", "Content-Type:"]

    def headers(self, method, path, query=""):
        second = int(time.time())
        if second != self.second:
            self._turn(second)
        request = hashlib.sha256((method + "\n" + path + "\n" + query + self.tail).encode()).hexdigest()
        signature = hmac.digest(self.signing, (self.head + request).encode(), "sha256").hex()
        return [self.authorization + signature, *self.fixed]


class PycurlClient:
    def __init__(self, options):
        import pycurl

        self.curl = pycurl
        self.version = pycurl.version
        self.options = options
        self.signer = Signer(options)
        self.folder = "/" + options.bucket + "/"
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, options.concurrency + 1)
        self.handles = [self._handle() for _ in range(options.concurrency)]

    def _handle(self):
        handle = self.curl.Curl()
        handle.setopt(self.curl.NOPROXY, "*")
        handle.setopt(self.curl.NOSIGNAL, 1)
        if self.options.file:
            handle.setopt(self.curl.BUFFERSIZE, 512 * 1024)
        handle.chunks = []
        handle.setopt(self.curl.WRITEFUNCTION, handle.chunks.append)
        if self.options.operation == "put" and not self.options.file:
            handle.setopt(self.curl.POST, 1)
            handle.setopt(self.curl.CUSTOMREQUEST, "PUT")
        return handle

    def _transfer(self, begin, finish):
        """Runs `begin` with a free handle until it says that there is no more, and `finish` with each that is done."""
        multi, free, active = self.multi, list(self.handles), 0
        more = True
        while True:
            while more and free:
                handle = free.pop()
                more = begin(handle)
                if more:
                    multi.add_handle(handle)
                    active += 1
            if not active:
                return
            multi.perform()
            left = 1
            ended = 0
            while left:
                left, good, bad = multi.info_read()
                expect(not bad, "curl: %s" % [error[1:] for error in bad])
                for handle in good:
                    multi.remove_handle(handle)
                    finish(handle)
                    free.append(handle)
                ended += len(good)
            active -= ended
            if not ended:
                multi.select(1)

    def small(self, indexes):
        curl, options, sign = self.curl, self.options, self.signer.headers
        is_put = options.operation == "put"
        method = options.operation.upper()
        indexes = iter(indexes)

        def begin(handle):
            index = next(indexes, None)
            if index is None:
                return False
            handle.index = index
            path = self.folder + key(index)
            handle.setopt(curl.URL, options.endpoint + path)
            handle.setopt(curl.HTTPHEADER, sign(method, path))
            if is_put:
                handle.setopt(curl.POSTFIELDS, body(index, options.size))
            return True

        def finish(handle):
            status = handle.getinfo(curl.RESPONSE_CODE)
            expect(status in (200, 201, 204), "%s of %d: %d" % (method, handle.index, status))
            if not is_put:
                expect(b"".join(handle.chunks) == body(handle.index, options.size), "object %d differs" % handle.index)
            handle.chunks.clear()

        self._transfer(begin, finish)

    def request(self, method, path, query="", data=b""):
        """One request, alone: status and body."""
        handle, chunks = self.curl.Curl(), []
        handle.setopt(self.curl.NOPROXY, "*")
        handle.setopt(self.curl.URL, self.options.endpoint + path + ("?" + query if query else ""))
        handle.setopt(self.curl.HTTPHEADER, self.signer.headers(method, path, query))
        handle.setopt(self.curl.WRITEFUNCTION, chunks.append)
        if method != "GET":
            handle.setopt(self.curl.POST, 1)
            handle.setopt(self.curl.CUSTOMREQUEST, method)
            handle.setopt(self.curl.POSTFIELDS, data)
        handle.perform()
        return handle.getinfo(self.curl.RESPONSE_CODE), b"".join(chunks)

    def upload(self, file):
        curl, options = self.curl, self.options
        path, upload = self.folder + "large/file", None
        if options.store == "s3":
            status, answer = self.request("POST", path, "uploads=")
            expect(status == 200, "beginning an upload: %d" % status)
            upload = quote(re.search(rb"<UploadId>([^<]+)", answer)[1].decode(), safe="-_.~")
        waiting, tags = iter(parts(options)), {}

        def begin(handle):
            part = handle.part = next(waiting, None)
            if part is None:
                return False
            path = self.folder + part.key
            query = "" if part.is_object else "partNumber=%d&uploadId=%s" % (part.number, upload)
            position = part.start

            def read(size):
                nonlocal position
                data = os.pread(file, min(size, part.end - position), position)
                position += len(data)
                return data

            def header(line):
                if line[:5].lower() == b"etag:":
                    tags[part.number] = line[5:].strip().decode()

            handle.setopt(curl.UPLOAD, 1)
            handle.setopt(curl.UPLOAD_BUFFERSIZE, MEBIBYTE)
            handle.setopt(curl.INFILESIZE_LARGE, part.size)
            handle.setopt(curl.READFUNCTION, read)
            handle.setopt(curl.HEADERFUNCTION, header)
            handle.setopt(curl.URL, options.endpoint + path + ("?" + query if query else ""))
            handle.setopt(curl.HTTPHEADER, self.signer.headers("PUT", path, query))
            return True

        def finish(handle):
            status = handle.getinfo(curl.RESPONSE_CODE)
            expect(status in (200, 201, 204), "part %d: %d" % (handle.part.number, status))

        self._transfer(begin, finish)
        if upload:
            listed = "".join(
                "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>" % tag for tag in sorted(tags.items()))
            document = "<CompleteMultipartUpload>%s</CompleteMultipartUpload>" % listed
            status, answer = self.request("POST", path, "uploadId=" + upload, document.encode())
            expect(status == 200 and b"<Error>" not in answer, "completing an upload: %d %s" % (status, answer))

    def download(self, file):
        curl, options = self.curl, self.options
        waiting = iter(parts(options))

        def begin(handle):
            part = handle.part = next(waiting, None)
            if part is None:
                return False
            path = self.folder + part.key
            handle.position = part.start

            def write(data):
                handle.position += os.pwrite(file, data, handle.position)

            handle.setopt(curl.HTTPGET, 1)
            handle.setopt(curl.WRITEFUNCTION, write)
            handle.setopt(curl.URL, options.endpoint + path)
            if not part.is_object:
                handle.setopt(curl.RANGE, "%d-%d" % (part.start, part.end - 1))
            handle.setopt(curl.HTTPHEADER, self.signer.headers("GET", path))
            return True

        def finish(handle):
            status = handle.getinfo(curl.RESPONSE_CODE)
            expect(status == (200 if handle.part.is_object else 206), "part %d: %d" % (handle.part.number, status))
            expect(handle.position == handle.part.end, "part %d ends at %d" % (handle.part.number, handle.position))

        self._transfer(begin, finish)


# obstore: the Rust crate object_store, driven by asyncio.


class ObstoreClient:
    def __init__(self, options):
        import obstore

        self.obstore, self.options = obstore, options
        self.version = "obstore " + obstore.__version__
        self.store = obstore.store.S3Store(
            options.bucket, endpoint=options.endpoint, access_key_id=options.access_key,
            secret_access_key=options.secret_key, region=options.region, virtual_hosted_style_request=False,
            unsigned_payload=True, client_options={"allow_http": True}, retry_config={"max_retries": 0})
        self.loop = asyncio.new_event_loop()

    def _run(self, work, items):
        items = iter(items)

        async def worker():
            for item in items:
                await work(item)

        async def all():
            await asyncio.gather(*(worker() for _ in range(self.options.concurrency)))

        self.loop.run_until_complete(all())

    def small(self, indexes):
        obstore, store, size = self.obstore, self.store, self.options.size

        async def put(index):
            await obstore.put_async(store, key(index), body(index, size), use_multipart=False)

        async def get(index):
            answer = await obstore.get_async(store, key(index))
            expect(await answer.bytes_async() == body(index, size), "object %d differs" % index)

        self._run(put if self.options.operation == "put" else get, indexes)

    def upload(self, file):
        async def put(part):
            data = os.pread(file, part.size, part.start)
            await self.obstore.put_async(self.store, part.key, data, use_multipart=False)

        async def put_file():
            with open(file, "rb", closefd=False) as source:
                await self.obstore.put_async(
                    self.store, "large/file", source, use_multipart=True, chunk_size=self.options.part_size,
                    max_concurrency=self.options.concurrency)

        if self.options.store == "dav":
            self._run(put, parts(self.options))
        else:
            self.loop.run_until_complete(put_file())

    def download(self, file):
        async def get(part):
            if part.is_object:
                data = await (await self.obstore.get_async(self.store, part.key)).bytes_async()
            else:
                data = await self.obstore.get_range_async(self.store, part.key, start=part.start, end=part.end)
            part.write(file, data)

        self._run(get, parts(self.options))


# boto3, on threads.


class Boto3Client:
    def __init__(self, options):
        import boto3
        from boto3.s3.transfer import TransferConfig
        from botocore.config import Config

        self.options = options
        self.version = "boto3 " + boto3.__version__
        self.client = boto3.client(
            "s3", endpoint_url=options.endpoint, aws_access_key_id=options.access_key,
            aws_secret_access_key=options.secret_key, region_name=options.region,
            config=Config(
                max_pool_connections=options.concurrency, retries={"total_max_attempts": 1}, proxies={},
                request_checksum_calculation="when_required", response_checksum_validation="when_required",
                s3={"addressing_style": "path", "payload_signing_enabled": False}))
        self.transfer = TransferConfig(
            multipart_threshold=options.part_size, multipart_chunksize=options.part_size,
            max_concurrency=options.concurrency)

    def _run(self, work, items):
        items, failures = iter(items), []

        def worker():
            try:
                for item in items:
                    work(item)
            except Exception as failure:
                failures.append(failure)

        threads = [threading.Thread(target=worker) for _ in range(self.options.concurrency)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def small(self, indexes):
        client, bucket, size = self.client, self.options.bucket, self.options.size

        def put(index):
            client.put_object(Bucket=bucket, Key=key(index), Body=body(index, size))

        def get(index):
            data = client.get_object(Bucket=bucket, Key=key(index))["Body"].read()
            expect(data == body(index, size), "object %d differs" % index)

        self._run(put if self.options.operation == "put" else get, indexes)

    def upload(self, file):
        bucket = self.options.bucket

        def put(part):
            self.client.put_object(Bucket=bucket, Key=part.key, Body=os.pread(file, part.size, part.start))

        if self.options.store == "dav":
            self._run(put, parts(self.options))
        else:
            with open(file, "rb", closefd=False) as source:
                self.client.upload_fileobj(source, bucket, "large/file", Config=self.transfer)

    def download(self, file):
        bucket = self.options.bucket

        def get(part):
            part.write(file, self.client.get_object(Bucket=bucket, Key=part.key)["Body"].read())

        if self.options.store == "dav":
            self._run(get, parts(self.options))
        else:
            with open(file, "r+b", closefd=False) as target:
                self.client.download_fileobj(bucket, "large/file", target, Config=self.transfer)


CLIENTS = {"pycurl": PycurlClient, "obstore": ObstoreClient, "boto3": Boto3Client}


def measured(work):
    def processor():
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    cpu, wall = processor(), time.perf_counter()
    work()
    return time.perf_counter() - wall, processor() - cpu


def peak_memory():
    # Not getrusage: its peak includes that of the process that started this one.
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024


def file_blocks(size):
    """The bytes of the file: the same block over and over, each copy with its place at its beginning. Cairn's worker makes the same."""
    block = bytes(index * 31 & 255 for index in range(MEBIBYTE))
    for place in range(0, size, MEBIBYTE):
        yield (place.to_bytes(8, "big") + block[8:])[: size - place]


def run_small(client, options):
    # Each connection is open, and every object of these is there for a `get`.
    client.small(range(min(options.concurrency, options.count)))
    wall, cpu = measured(lambda: client.small(range(options.count)))
    return wall, cpu, {"max_rss": peak_memory(), "count": options.count, "per_second": round(options.count / wall)}


def compare(file, size):
    file.seek(0)
    for number, block in enumerate(file_blocks(size)):
        expect(file.read(len(block)) == block, "the file differs in mebibyte %d" % number)


def run_file(client, options):
    def download():
        with tempfile.TemporaryFile(dir=options.folder) as file:
            file.truncate(options.size)
            cost = measured(lambda: client.download(file.fileno()))
            compare(file, options.size)
            return cost

    if options.operation == "get":
        wall, cpu = download()
        memory = peak_memory()
    else:
        with tempfile.TemporaryFile(dir=options.folder) as file:
            for block in file_blocks(options.size):
                file.write(block)
            # The clients read from where the file stands.
            file.seek(0)
            wall, cpu = measured(lambda: client.upload(file.fileno()))
        memory = peak_memory()
        # What has arrived is what was sent; not measured.
        download()
    return wall, cpu, {
        "max_rss": memory, "part_size": options.part_size,
        "mebibytes_per_second": round(options.size / MEBIBYTE / wall, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--bucket", required=True, help="must be there, unless the store is dav")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--store", choices=["s3", "dav"], default="s3")
    parser.add_argument("--client", choices=CLIENTS, required=True)
    parser.add_argument("--operation", choices=["put", "get"], required=True)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, help="16; with --file 8")
    parser.add_argument("--size", type=int, help="bytes of an object, 1 KiB; of the file, 256 MiB")
    parser.add_argument("--file", action="store_true", help="one file instead of many objects")
    parser.add_argument("--part-size", type=int, default=16 * MEBIBYTE)
    parser.add_argument("--folder", help="where the file is; default: the temporary folder")
    options = parser.parse_args()
    options.endpoint = options.endpoint.rstrip("/")
    options.concurrency = options.concurrency or (8 if options.file else 16)
    options.size = options.size or (256 * MEBIBYTE if options.file else 1024)
    options.access_key = os.environ["AWS_ACCESS_KEY_ID"]
    options.secret_key = os.environ["AWS_SECRET_ACCESS_KEY"]

    client = CLIENTS[options.client](options)
    wall, cpu, more = (run_file if options.file else run_small)(client, options)
    print(json.dumps({
        "client": options.client, "version": client.version, "operation": options.operation, "file": options.file,
        "concurrency": options.concurrency, "size": options.size, "wall": round(wall, 6), "cpu": round(cpu, 6),
        **more}))


if __name__ == "__main__":
    try:
        main()
        sys.stdout.flush()
        # Threads of obstore that outlive the interpreter abort the process now and then, when all is done.
        os._exit(0)
    except Exception as failure:
        sys.exit("baseline.py: %s: %s" % (type(failure).__name__, failure))
