package dev.weir.storage.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The magic numbers by which image formats are recognised at the start of an image. */
public final class ImageMagic {
    private static final int SECTOR = 512;
    private static final int VDI_OFFSET = 64;
    private static final byte[] VDI = {0x7f, 0x10, (byte) 0xda, (byte) 0xbe};
    private static final Map<String, String> FORMATS = new LinkedHashMap<>();

    static {
        FORMATS.put("QFI\u00fb\0\0\0\1", "qcow");
        FORMATS.put("QFI\u00fb", "qcow2");
        FORMATS.put("QED\0", "qed");
        FORMATS.put("KDMV", "vmdk");
        FORMATS.put("COWD", "vmdk");
        FORMATS.put("conectix", "vpc");
        FORMATS.put("vhdxfile", "vhdx");
        FORMATS.put("LUKS\u00ba\u00be", "luks");
        FORMATS.put("WithoutFreeSpace", "parallels");
        FORMATS.put("WithouFreSpacExt", "parallels");
        FORMATS.put("Bochs Virtual HD Image", "bochs");
        FORMATS.put("#!/bin/sh\n#V2.0 Format\nmodprobe cloop", "cloop");
        FORMATS.put("koly", "dmg");
    }

    private ImageMagic() {}

    /** The format that the first sector stands for, or null; position and limit stay. */
    public static @Nullable String formatOf(ByteBuffer sector) {
        var bytes = new byte[Math.min(SECTOR, sector.remaining())];
        sector.get(sector.position(), bytes);
        var text = new String(bytes, ISO_8859_1);
        for (Map.Entry<String, String> format : FORMATS.entrySet()) {
            if (text.startsWith(format.getKey())) {
                return format.getValue();
            }
        }
        if (text.startsWith(new String(VDI, ISO_8859_1), VDI_OFFSET)) {
            return "vdi";
        }
        return isVmdkDescriptor(text) ? "vmdk" : null;
    }

    /** Comments and empty lines, then {@code version=1}, 2 or 3; or the usual first comment. */
    private static boolean isVmdkDescriptor(String text) {
        if (text.startsWith("# Disk DescriptorFile")) {
            return true;
        }
        if (!text.startsWith("#")) {
            return false;
        }
        for (String line : text.split("\r?\n", -1)) {
            if (!line.startsWith("#") && !line.isBlank()) {
                return line.matches("version=[123]\\s*");
            }
        }
        return false;
    }
}
