internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

extension LinearAttention {
  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (query, key, value) = (try inputs.required(0), try inputs.required(1), try inputs.required(2))
    let (batch, steps) = (query.shape[0], query.shape[1])
    let (depth, width) = (query.shape[2] / heads, value.shape[2] / sharedHeads)
    let (q, k, v) = (query.doubles() ?? [], key.doubles() ?? [], value.doubles() ?? [])
    let (decay, beta) = (inputs.optional(4), inputs.optional(5))
    let (decays, betas) = (decay?.doubles() ?? [], beta?.doubles() ?? [])
    let (decaySize, betaSize) = (decay?.shape[2] ?? 0, beta?.shape[2] ?? 0)
    let stateSize = depth * width
    var state = inputs.optional(3)?.doubles() ?? Array(repeating: 0, count: batch * sharedHeads * stateSize)
    let factor = scale == 0 ? 1 / Double(depth).squareRoot() : Double(scale)
    let group = heads / sharedHeads
    let output = try Tensor(of: T.self, shape: [batch, steps, heads * width]) {
      (target: UnsafeMutableBufferPointer<T>) in
      var update = [Double](repeating: 0, count: width)
      for item in 0..<batch * sharedHeads {
        let (image, shared) = (item / sharedHeads, item % sharedHeads)
        for step in 0..<steps {
          let row = image * steps + step
          let firstKey = (row * sharedHeads + shared) * depth
          if updateRule.decays {
            for index in 0..<depth {
              let place = row * decaySize + (decaySize == sharedHeads ? shared : shared * depth + index)
              let remaining = exp(decays[place])
              for column in 0..<width { state[item * stateSize + index * width + column] *= remaining }
            }
          }
          for column in 0..<width { update[column] = v[(row * sharedHeads + shared) * width + column] }
          if updateRule.corrects {
            let rate = betas[row * betaSize + (betaSize == 1 ? 0 : shared)]
            for column in 0..<width {
              var stored = 0.0
              for index in 0..<depth {
                stored += state[item * stateSize + index * width + column] * k[firstKey + index]
              }
              update[column] = rate * (update[column] - stored)
            }
          }
          for index in 0..<depth {
            for column in 0..<width {
              state[item * stateSize + index * width + column] += k[firstKey + index] * update[column]
            }
          }
          for head in shared * group..<(shared + 1) * group {
            for column in 0..<width {
              var sum = 0.0
              for index in 0..<depth {
                sum += q[(row * heads + head) * depth + index] * state[item * stateSize + index * width + column]
              }
              target[(row * heads + head) * width + column] = T(double: factor * sum)
            }
          }
        }
      }
    }
    let dtype = inputs.optional(3)?.dtype ?? query.dtype
    return [output, try Tensor(rounding: state, to: dtype, shape: [batch, sharedHeads, depth, width])]
  }
}
