package dev.weir.storage.file;

/** The same with {@code aio=io_uring}, from an event loop. */
class FileNoSpaceRingTest extends FileNoSpaceTest {
    @Override
    FileFixture fixture() {
        return FileFixture.onARing();
    }
}
