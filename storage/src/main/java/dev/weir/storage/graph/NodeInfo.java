package dev.weir.storage.graph;

import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a node is, for those who ask.
 *
 * @param options as it was described, children that were described in place included
 * @param detectZeroes {@code off}, {@code on} or {@code unmap}
 * @param cacheDirect whether it goes around the page cache
 * @param cacheNoFlush whether flushes are ignored
 * @param children names of the nodes that it reads from and writes to
 * @param roles what each of them is to it, by its name: {@code file}, {@code backing} ...
 */
public record NodeInfo(
        BlockNode node,
        NodeOptions options,
        String detectZeroes,
        boolean cacheDirect,
        boolean cacheNoFlush,
        List<String> children,
        Map<String, String> roles) {
    /** The name of the child that is {@code role} to it, if there is one. */
    public Optional<String> child(String role) {
        return children.stream().filter(name -> role.equals(roles.get(name))).findFirst();
    }
}
