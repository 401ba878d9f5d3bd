// Socket.IO on Node with its Redis adapter: socketio_node.js PORT REDIS
const { createAdapter } = require('@socket.io/redis-adapter')
const { createServer } = require('node:http')
const { createClient } = require('redis')
const { Server } = require('socket.io')

const [port, url] = process.argv.slice(2)
const server = createServer()
const io = new Server(server, { transports: ['websocket'] })

io.on('connection', (socket) => {
  let room
  socket.on('join', async (name) => {
    room = name
    await socket.join(room)
    socket.emit('joined')
  })
  socket.on('say', (text) => io.to(room).emit('said', text))
})

const publisher = createClient({ url })
const subscriber = publisher.duplicate()
Promise.all([publisher.connect(), subscriber.connect()]).then(() => {
  io.adapter(createAdapter(publisher, subscriber))
  server.listen({ host: '127.0.0.1', port: Number(port), backlog: 2048 })
})
