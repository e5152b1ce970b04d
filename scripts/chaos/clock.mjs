// Loaded before a router: its clock goes a day forward at the first SIGUSR2, and two back at the second.
const DAY = 86_400_000
const now = Date.now
let offset = 0
Date.now = () => now() + offset
process.on('SIGUSR2', () => {
  offset = offset > 0 ? -DAY : DAY
})
