import LatheDiagnostics
import LatheIR

/// How Resize finds the place in the input that belongs to a place in the result, and reads what is there.
public struct ResizeSampling: Sendable, Hashable {
  /// The correspondence of positions.
  public enum Transformation: String, Sendable, Hashable, CaseIterable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case cropAndResize = "tf_crop_and_resize"
  }

  /// Which element is the nearest one.
  public enum Rounding: String, Sendable, Hashable, CaseIterable {
    case preferFloor = "round_prefer_floor"
    case preferCeiling = "round_prefer_ceil"
    case floor
    case ceiling = "ceil"
  }

  public var transformation: Transformation
  public var rounding: Rounding
  /// Whether all elements that a smaller result passes over take part in its means.
  public var isAntialiased: Bool
  /// Whether elements outside the input are left out of means, rather than being like the nearest one inside.
  public var excludesOutside: Bool
  /// The coefficient a of cubic interpolation.
  public var cubicCoefficient: Float
  /// The value of places outside the input, if regions are cropped.
  public var extrapolation: Float

  public init(
    transformation: Transformation = .halfPixel, rounding: Rounding = .preferFloor, isAntialiased: Bool = false,
    excludesOutside: Bool = false, cubicCoefficient: Float = -0.75, extrapolation: Float = 0
  ) {
    self.transformation = transformation
    self.rounding = rounding
    self.isAntialiased = isAntialiased
    self.excludesOutside = excludesOutside
    self.cubicCoefficient = cubicCoefficient
    self.extrapolation = extrapolation
  }

  init(decoding attributes: Attributes) throws(Diagnostic) {
    transformation = try attributes.choice("coordinate_transformation_mode", default: .halfPixel)
    rounding = try attributes.choice("nearest_mode", default: .preferFloor)
    isAntialiased = try attributes.flag("antialias", default: false)
    excludesOutside = try attributes.flag("exclude_outside", default: false)
    cubicCoefficient = try attributes.float("cubic_coeff_a", default: -0.75)
    extrapolation = try attributes.float("extrapolation_value", default: 0)
  }

  func encode(into attributes: inout Attributes) {
    if transformation != .halfPixel { attributes.set("coordinate_transformation_mode", transformation.rawValue) }
    if rounding != .preferFloor { attributes.set("nearest_mode", rounding.rawValue) }
    if isAntialiased { attributes.set("antialias", true) }
    if excludesOutside { attributes.set("exclude_outside", true) }
    if cubicCoefficient != -0.75 { attributes.set("cubic_coeff_a", cubicCoefficient) }
    if extrapolation != 0 { attributes.set("extrapolation_value", extrapolation) }
  }
}
