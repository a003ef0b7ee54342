import LatheDiagnostics
import LatheIR
import LatheTensors

/// How a window moves over the spatial axes of a tensor: the attributes that convolutions and pools share.
///
/// Lists that are nil take their default: strides and dilations of 1, no padding, the kernel's own extents.
public struct SlidingWindow: Sendable, Hashable {
  /// How padding is found; `explicit` takes `pads`.
  public enum AutoPad: String, Sendable, Hashable, CaseIterable {
    case explicit = "NOTSET"
    case sameUpper = "SAME_UPPER"
    case sameLower = "SAME_LOWER"
    case valid = "VALID"
  }

  /// Extents of the window.
  public var kernelShape: [Int]?
  /// Distances between neighbouring windows.
  public var strides: [Int]?
  /// Distances between neighbouring elements of a window.
  public var dilations: [Int]?
  /// Elements added before every axis, then those added after every axis.
  public var pads: [Int]?
  /// How padding is found.
  public var autoPad: AutoPad
  /// Whether a last window may reach beyond the padding, as long as it starts before.
  public var roundsUp: Bool

  public init(
    kernelShape: [Int]? = nil, strides: [Int]? = nil, dilations: [Int]? = nil, pads: [Int]? = nil,
    autoPad: AutoPad = .explicit, roundsUp: Bool = false
  ) {
    self.kernelShape = kernelShape
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    self.autoPad = autoPad
    self.roundsUp = roundsUp
  }

  /// Kinds of the attributes that a schema with a window has; `ceil_mode` is a pool's.
  static let attributeKinds: [String: Attribute.Kind] = [
    "auto_pad": .string, "dilations": .integers, "kernel_shape": .integers, "pads": .integers, "strides": .integers,
  ]

  init(decoding attributes: Attributes, needsKernel: Bool = false) throws(Diagnostic) {
    kernelShape = try Self.list(attributes, "kernel_shape", from: 1)
    strides = try Self.list(attributes, "strides", from: 1)
    dilations = try Self.list(attributes, "dilations", from: 1)
    pads = try Self.list(attributes, "pads", from: 0)
    autoPad = try attributes.choice("auto_pad", default: .explicit)
    roundsUp = try attributes.flag("ceil_mode", default: false)
    if needsKernel { _ = try Attributes.required("kernel_shape", kernelShape) }
  }

  /// Extents beyond this are refused, so that sums and products of a few of them are exact.
  static let largestExtent = 1 << 30

  private static func list(_ attributes: Attributes, _ name: String, from least: Int) throws(Diagnostic) -> [Int]? {
    guard let list = try attributes.integers(name) else { return nil }
    guard list.allSatisfy({ $0 >= least && $0 <= largestExtent }) else {
      throw .invalid(
        "operator/attribute-value", "\(name) = \(list) should lie between \(least) and \(largestExtent) on every axis")
    }
    return list
  }

  func encode(into attributes: inout Attributes) {
    if let kernelShape { attributes.set("kernel_shape", kernelShape) }
    if let strides { attributes.set("strides", strides) }
    if let dilations { attributes.set("dilations", dilations) }
    if let pads { attributes.set("pads", pads) }
    if autoPad != .explicit { attributes.set("auto_pad", autoPad.rawValue) }
    if roundsUp { attributes.set("ceil_mode", true) }
  }

  /// The window on each of `rank` spatial axes; `weight` has the kernel's extents where they are not an attribute.
  ///
  /// - Throws: `operator/window` if lists are too long or too short, or contradict the weight.
  func axes(_ rank: Int, weight: Shape? = nil) throws(Diagnostic) -> [WindowAxis] {
    for (name, list, length) in [
      ("kernel_shape", kernelShape, rank), ("strides", strides, rank), ("dilations", dilations, rank),
      ("pads", pads, 2 * rank),
    ] {
      guard let list, list.count != length else { continue }
      throw .invalid("operator/window", "\(name) has \(list.count) entries where \(rank) spatial axes need \(length)")
    }
    var result: [WindowAxis] = []
    for axis in 0..<rank {
      let own = kernelShape.map { Dimension.known($0[axis]) }
      let given = weight?[axis]
      if let own, let given, own.isProvablyDifferent(from: given) {
        throw .invalid(
          "operator/window", "kernel_shape is \(own) on axis \(axis), but the weight has an extent of \(given)")
      }
      let kernel = own ?? given ?? .unknown
      if let number = kernel.known, number < 1 || number > Self.largestExtent {
        throw .invalid("operator/window", "a kernel of \(number) elements has no meaning")
      }
      result.append(
        WindowAxis(
          kernel: kernel, stride: strides?[axis] ?? 1, dilation: dilations?[axis] ?? 1, before: pads?[axis] ?? 0,
          after: pads?[axis + rank] ?? 0, autoPad: autoPad, roundsUp: roundsUp))
    }
    return result
  }
}
