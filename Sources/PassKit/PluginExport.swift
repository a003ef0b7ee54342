/// What a plugin written in Swift hands to the program that loads it.
///
/// ```swift
/// @_cdecl("lathe_swift_plugin")
/// public func plugin() -> UnsafeRawPointer { PluginExport.passes([MyPass.self]) }
/// ```
public final class PluginExport {
  /// Version of PassKit's public declarations; a plugin that was built against another is refused.
  public static let interface: UInt64 = 1

  public let passes: [any Pass.Type]

  private init(_ passes: [any Pass.Type]) { self.passes = passes }

  /// Bytes that tell a plugin's pointer from any other, "LATHEPLG".
  private static let magic: UInt64 = 0x474C_5045_4854_414C

  /// The pointer that the entry point returns; the number of the interface is fixed when the plugin is compiled.
  @_alwaysEmitIntoClient
  public static func passes(_ types: [any Pass.Type]) -> UnsafeRawPointer { pointer(types, interface: 1) }

  /// Holds the magic, the interface and the export itself, as three 64-bit words.
  public static func pointer(_ types: [any Pass.Type], interface: UInt64) -> UnsafeRawPointer {
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 3)
    words[0] = magic
    words[1] = interface
    words[2] = UInt64(UInt(bitPattern: Unmanaged.passRetained(PluginExport(types)).toOpaque()))
    return UnsafeRawPointer(words)
  }

  /// The interface a pointer was made for; nil if it is none of `passes(_:)`.
  public static func interface(of pointer: UnsafeRawPointer) -> UInt64? {
    let words = pointer.assumingMemoryBound(to: UInt64.self)
    return words[0] == magic ? words[1] : nil
  }

  /// The export behind a pointer whose interface is this one.
  public static func open(_ pointer: UnsafeRawPointer) -> PluginExport? {
    guard interface(of: pointer) == interface,
      let object = UnsafeRawPointer(bitPattern: UInt(pointer.assumingMemoryBound(to: UInt64.self)[2]))
    else { return nil }
    return Unmanaged<PluginExport>.fromOpaque(object).takeUnretainedValue()
  }
}
