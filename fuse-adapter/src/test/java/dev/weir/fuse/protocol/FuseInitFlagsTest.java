package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FuseInitFlagsTest {
    @Test
    void joinsTheTwoWordsWithoutSpreadingASign() {
        assertThat(FuseInitFlags.join(0xC0000001, 0x800007FD)).isEqualTo(0x800007FD_C0000001L);
    }

    @Test
    void ignoresTheSecondWordWithoutInitExt() {
        assertThat(FuseInitFlags.join(0x80000001, 0x7FD)).isEqualTo(0x80000001L);
    }

    @Test
    void splitsIntoTheTwoWords() {
        assertThat(FuseInitFlags.flags(0x800007FD_C0000001L)).isEqualTo(0xC0000001);
        assertThat(FuseInitFlags.flags2(0x800007FD_C0000001L)).isEqualTo(0x800007FD);
    }

    @Test
    void readsWhatAKernelOffers() {
        long offered = FuseInitFlags.join(0x73FFFFFB, 0x7FD);

        assertThat(offered & FuseInitFlags.ASYNC_READ).isNotZero();
        assertThat(offered & FuseInitFlags.FILE_OPS).isZero();
        assertThat(offered & FuseInitFlags.ASYNC_DIO).isNotZero();
        assertThat(offered & FuseInitFlags.MAP_ALIGNMENT).isZero();
        assertThat(offered & FuseInitFlags.SECURITY_CTX).isNotZero();
        assertThat(offered & FuseInitFlags.HAS_INODE_DAX).isZero();
        assertThat(offered & FuseInitFlags.DIRECT_IO_ALLOW_MMAP).isNotZero();
    }

    @Test
    void bitsHaveTheNumbersOfTheKernel() {
        assertThat(FuseInitFlags.ASYNC_READ).isEqualTo(0x1);
        assertThat(FuseInitFlags.ATOMIC_O_TRUNC).isEqualTo(0x8);
        assertThat(FuseInitFlags.BIG_WRITES).isEqualTo(0x20);
        assertThat(FuseInitFlags.AUTO_INVAL_DATA).isEqualTo(0x1000);
        assertThat(FuseInitFlags.ASYNC_DIO).isEqualTo(0x8000);
        assertThat(FuseInitFlags.WRITEBACK_CACHE).isEqualTo(0x1_0000);
        assertThat(FuseInitFlags.ABORT_ERROR).isEqualTo(0x20_0000);
        assertThat(FuseInitFlags.MAX_PAGES).isEqualTo(0x40_0000);
        assertThat(FuseInitFlags.EXPLICIT_INVAL_DATA).isEqualTo(0x200_0000);
        assertThat(FuseInitFlags.HANDLE_KILLPRIV_V2).isEqualTo(0x1000_0000);
        assertThat(FuseInitFlags.INIT_EXT).isEqualTo(0x4000_0000);
        assertThat(FuseInitFlags.DIRECT_IO_ALLOW_MMAP).isEqualTo(0x10_0000_0000L);
        assertThat(FuseInitFlags.PASSTHROUGH).isEqualTo(0x20_0000_0000L);
        assertThat(FuseInitFlags.OVER_IO_URING).isEqualTo(0x200_0000_0000L);
        assertThat(FuseInitFlags.REQUEST_TIMEOUT).isEqualTo(0x400_0000_0000L);
    }

    @Test
    void everyBitIsNamedOnceExceptTheReservedOne() throws IllegalAccessException {
        long all = 0;
        int count = 0;
        for (Field field : FuseInitFlags.class.getFields()) {
            long bit = field.getLong(null);
            assertThat(Long.bitCount(bit)).as(field.getName()).isOne();
            all |= bit;
            count++;
        }
        assertThat(all).as("bits 0 to 42 without 31").isEqualTo((1L << 43) - 1 - (1L << 31));
        assertThat(count).as(Arrays.toString(FuseInitFlags.class.getFields())).isEqualTo(42);
    }
}
