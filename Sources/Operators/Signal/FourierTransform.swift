internal import Foundation

/// The discrete Fourier transform of complex vectors of one length, in O(n log n) for every length.
///
/// Powers of two are done by the radix-2 algorithm of Cooley and Tukey, other lengths as a convolution by Bluestein's.
struct FourierTransform {
  let length: Int
  /// e^(∓2πi·k/n) for k below n/2 (or, for Bluestein's, e^(∓πi·k²/n) for k below n).
  private let cosines: [Double]
  private let sines: [Double]
  private let convolution: Convolution?

  private final class Convolution: Sendable {
    let transform: FourierTransform
    let inverse: FourierTransform
    let real: [Double]
    let imaginary: [Double]

    init(_ chirp: (cosines: [Double], sines: [Double])) {
      let count = chirp.cosines.count
      var size = 1
      while size < 2 * count - 1 { size *= 2 }
      transform = FourierTransform(length: size, isInverse: false)
      inverse = FourierTransform(length: size, isInverse: true)
      var real = [Double](repeating: 0, count: size)
      var imaginary = real
      for index in 0..<count {
        real[index] = chirp.cosines[index]
        imaginary[index] = -chirp.sines[index]
        if index > 0 {
          real[size - index] = real[index]
          imaginary[size - index] = imaginary[index]
        }
      }
      transform.apply(&real, &imaginary)
      self.real = real
      self.imaginary = imaginary
    }
  }

  /// - Precondition: `length` is at least 1.
  init(length: Int, isInverse: Bool) {
    self.length = length
    let sign = isInverse ? 1.0 : -1.0
    if length & (length - 1) == 0 {
      let angles = (0..<length / 2).map { sign * 2 * Double.pi * Double($0) / Double(length) }
      cosines = angles.map { cos($0) }
      sines = angles.map { sin($0) }
      convolution = nil
      return
    }
    // k² is reduced modulo 2n first, so that the angle stays exact.
    let angles = (0..<length).map { index -> Double in
      let square = index.multipliedFullWidth(by: index)
      let phase = (2 * length).dividingFullWidth(square).remainder
      return sign * Double.pi * Double(phase) / Double(length)
    }
    cosines = angles.map { cos($0) }
    sines = angles.map { sin($0) }
    convolution = Convolution((cosines, sines))
  }

  /// Transforms in place; the inverse is not divided by the length.
  ///
  /// - Precondition: both arrays have `length` elements.
  func apply(_ real: inout [Double], _ imaginary: inout [Double]) {
    if let convolution { return applyChirp(&real, &imaginary, convolution) }
    reorder(&real, &imaginary)
    var half = 1
    while half < length {
      let step = length / (2 * half)
      for start in stride(from: 0, to: length, by: 2 * half) {
        for index in 0..<half {
          let (c, s) = (cosines[index * step], sines[index * step])
          let (even, odd) = (start + index, start + index + half)
          let (x, y) = (real[odd] * c - imaginary[odd] * s, real[odd] * s + imaginary[odd] * c)
          (real[odd], imaginary[odd]) = (real[even] - x, imaginary[even] - y)
          (real[even], imaginary[even]) = (real[even] + x, imaginary[even] + y)
        }
      }
      half *= 2
    }
  }

  /// Swaps elements whose positions are each other's bits in reverse.
  private func reorder(_ real: inout [Double], _ imaginary: inout [Double]) {
    var reversed = 0
    for index in 0..<length {
      if index < reversed {
        real.swapAt(index, reversed)
        imaginary.swapAt(index, reversed)
      }
      var bit = length >> 1
      while bit > 0, reversed & bit != 0 {
        reversed ^= bit
        bit >>= 1
      }
      reversed |= bit
    }
  }

  private func applyChirp(_ real: inout [Double], _ imaginary: inout [Double], _ convolution: Convolution) {
    let size = convolution.transform.length
    var x = [Double](repeating: 0, count: size)
    var y = x
    for index in 0..<length {
      x[index] = real[index] * cosines[index] - imaginary[index] * sines[index]
      y[index] = real[index] * sines[index] + imaginary[index] * cosines[index]
    }
    convolution.transform.apply(&x, &y)
    for index in 0..<size {
      let (a, b) = (x[index], y[index])
      x[index] = a * convolution.real[index] - b * convolution.imaginary[index]
      y[index] = a * convolution.imaginary[index] + b * convolution.real[index]
    }
    convolution.inverse.apply(&x, &y)
    for index in 0..<length {
      let (a, b) = (x[index] / Double(size), y[index] / Double(size))
      real[index] = a * cosines[index] - b * sines[index]
      imaginary[index] = a * sines[index] + b * cosines[index]
    }
  }
}
