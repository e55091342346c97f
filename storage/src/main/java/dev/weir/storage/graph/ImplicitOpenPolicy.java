package dev.weir.storage.graph;

/** Decides whether an image may open a file that its own contents name. */
@FunctionalInterface
public interface ImplicitOpenPolicy {
    /** Refuses everything; the default. */
    ImplicitOpenPolicy DENY_ALL = (nodeName, filename, format) -> false;

    /**
     * @param nodeName the node whose image names the file
     * @param filename the path that would be opened; as it stands in the image, below the image's own directory where it is
     *     relative
     * @param format the driver that it would be opened with
     */
    boolean allows(String nodeName, String filename, String format);
}
